export { OutboundClient, type OutboundOptions } from './outbound-client.ts';
