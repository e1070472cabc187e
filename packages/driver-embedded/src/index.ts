export { embeddedDriver, type EmbeddedDriverPorts } from './embedded-driver.ts';
