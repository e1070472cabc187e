export {
  authenticate,
  authenticatePlatform,
  type AuthenticationPorts,
  type Credentials,
  mayGoOn,
  verifyCredentials,
} from './authenticate.ts';
export { hashSecret, newKey, parseKey } from './api-key.ts';
export type { Authenticated, Caller, PlatformCaller } from './caller.ts';
export { cancel } from './cancel.ts';
export { cancelBulk, noBulk } from './cancel-bulk.ts';
export { createTenant, type NewTenant } from './create-tenant.ts';
export { decideAttention } from './decide-attention.ts';
export { deleteRun } from './delete-run.ts';
export { deleteThread } from './delete-thread.ts';
export type { Deletion, ThreadDeletion } from './deletion.ts';
export { EventStreams, type Followed, type FollowPorts } from './follow-events.ts';
export { createFork, forkRun, type ForkRun, type PreparedFork } from './fork-run.ts';
export { getRun, type RunView } from './get-run.ts';
export { issuesOf } from './issues-of.ts';
export { joinThread, noThread, type OnBusy } from './join-thread.ts';
export { newThread } from './new-thread.ts';
export { listArtifacts } from './list-artifacts.ts';
export { listEffects } from './list-effects.ts';
export type { ModelCatalogue, ModelFacts, ModelHealth } from './model-catalogue.ts';
export { pause } from './pause.ts';
export { publishAgent, type Publication, type PublishPorts } from './publish-agent.ts';
export {
  registerToolServer,
  type RegisterToolServer,
  type RegistryPorts,
  toolServerUrl,
} from './register-tool-server.ts';
export { artifactOf, readArtifact } from './read-artifact.ts';
export { readEvents } from './read-events.ts';
export { refused } from './refused.ts';
export type { RetentionStore } from './retention-store.ts';
export { rotateKey, type KeyRotation } from './rotate-key.ts';
export { resume } from './resume.ts';
export type { EndReason, Frame, Listener } from './run-reader.ts';
export { type Message, newMessage, sendMessage } from './send-message.ts';
export { speakInside, speakToRun, type SpeakPorts, type Speech } from './speak.ts';
export { findSchedule } from './locked-schedule.ts';
export { checkSchedule, checkTimes } from './check-schedule.ts';
export { createSchedule } from './create-schedule.ts';
export { updateSchedule } from './update-schedule.ts';
export { pauseSchedule } from './pause-schedule.ts';
export { resumeSchedule } from './resume-schedule.ts';
export { deleteSchedule } from './delete-schedule.ts';
export { prepareTrigger, type PreparedTrigger, type Triggered, triggerSchedule } from './trigger-schedule.ts';
export { startBulk, type StartBulk } from './start-bulk.ts';
export { newRunId, startRun, type StartRun } from './start-run.ts';
export { startupFailure } from './startup-failure.ts';
export { RunEnds } from './run-ends.ts';
export { cachedVersions } from './version-cache.ts';
