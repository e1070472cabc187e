import type { Config } from '@holdfast/contracts';

/** Where the bucket is, and who asks. */
export interface S3Settings extends NonNullable<Config['s3']> {
  /** null = what the SDK finds by itself: the role of the task, of the pod or of the machine, or its own variables. */
  readonly credentials: Config['secrets']['s3'];
}
