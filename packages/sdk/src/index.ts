export { eventLine, type EventLine, type RunResource, type WireEvent } from '@holdfast/contracts';
