export { createUpload, LINK_SECONDS, newUploadId } from './create-upload.ts';
export { receiveUpload } from './receive-upload.ts';
export { filePart, takeUploads } from './take-uploads.ts';
export { noUpload, placeOf, uploadOf } from './upload-of.ts';
export type { NewUpload, Upload, UploadStore } from './upload-store.ts';
export { verifyUpload } from './verify-upload.ts';
export { wantedUploads } from './wanted-uploads.ts';
