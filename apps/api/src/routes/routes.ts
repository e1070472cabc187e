import type { Route } from '../http/route.ts';
import { deleteAlias } from './agents/delete-alias.ts';
import { getAlias } from './agents/get-alias.ts';
import * as agent from './agents/get.ts';
import { getVersion } from './agents/get-version.ts';
import * as agents from './agents/list.ts';
import { listVersions } from './agents/list-versions.ts';
import { publish } from './agents/publish.ts';
import { setAlias } from './agents/set-alias.ts';
import { createKey } from './api-keys/create.ts';
import * as key from './api-keys/get.ts';
import * as keys from './api-keys/list.ts';
import { revoke } from './api-keys/revoke.ts';
import { rotate } from './api-keys/rotate.ts';
import * as artifact from './artifacts/get.ts';
import { link as artifactLink } from './artifacts/link.ts';
import * as artifacts from './artifacts/list.ts';
import { completeUpload } from './uploads/complete.ts';
import { createUploadRoute } from './uploads/create.ts';
import { getUpload } from './uploads/get.ts';
import { sendUpload } from './uploads/send.ts';
import { decide } from './attention/decide.ts';
import { exportLog } from './audit/export.ts';
import { getAuditRetention } from './audit/get-retention.ts';
import { head as auditHead } from './audit/head.ts';
import * as audit from './audit/list.ts';
import { setAuditRetention } from './audit/set-retention.ts';
import { verify as verifyAudit } from './audit/verify.ts';
import * as attention from './attention/list.ts';
import { backchannelLogout } from './auth/backchannel-logout.ts';
import { callback } from './auth/callback.ts';
import { login } from './auth/login.ts';
import { logout } from './auth/logout.ts';
import { options as loginOptions } from './auth/options.ts';
import { session } from './auth/session.ts';
import { signedOut } from './auth/signed-out.ts';
import { verify } from './auth/verify.ts';
import { verifyEngine } from './auth/verify-engine.ts';
import { deleteBudget } from './budgets/delete.ts';
import * as budget from './budgets/get.ts';
import * as budgets from './budgets/list.ts';
import { setBudget } from './budgets/set.ts';
import { cancel as cancelBulk } from './bulk/cancel.ts';
import * as bulk from './bulk/get.ts';
import * as bulks from './bulk/list.ts';
import { start as startBulk } from './bulk/start.ts';
import { healthz } from './health/healthz.ts';
import { metrics } from './health/metrics.ts';
import { readyz } from './health/readyz.ts';
import * as me from './me/get.ts';
import * as member from './members/get.ts';
import * as members from './members/list.ts';
import { update as updateMember } from './members/update.ts';
import * as models from './models/list.ts';
import * as platformAudit from './platform-audit/list.ts';
import { verify as verifyPlatformAudit } from './platform-audit/verify.ts';
import { modelPrices } from './models/prices.ts';
import * as retention from './retention/get.ts';
import { set as setRetention } from './retention/set.ts';
import { cancelRun } from './runs/cancel.ts';
import { remove as deleteRun } from './runs/delete.ts';
import { effects } from './runs/effects.ts';
import { events } from './runs/events.ts';
import { fork } from './runs/fork.ts';
import * as run from './runs/get.ts';
import * as runs from './runs/list.ts';
import { pauseRun } from './runs/pause.ts';
import { rerun } from './runs/rerun.ts';
import { resumeRun } from './runs/resume.ts';
import { send } from './runs/send-message.ts';
import { create as createThread } from './threads/create.ts';
import { remove as deleteThread } from './threads/delete.ts';
import * as thread from './threads/get.ts';
import * as threads from './threads/list.ts';
import { start } from './runs/start.ts';
import { create as createSchedule } from './schedules/create.ts';
import { remove as deleteSchedule } from './schedules/delete.ts';
import * as schedule from './schedules/get.ts';
import * as schedules from './schedules/list.ts';
import { next as nextTicks } from './schedules/next.ts';
import { pause as pauseSchedule } from './schedules/pause.ts';
import { preview as previewTicks } from './schedules/preview.ts';
import { resume as resumeSchedule } from './schedules/resume.ts';
import { trigger as triggerSchedule } from './schedules/trigger.ts';
import { update as updateSchedule } from './schedules/update.ts';
import { deleteSecret } from './secrets/delete.ts';
import * as secrets from './secrets/list.ts';
import { setSecret } from './secrets/set.ts';
import { create as createTenant } from './tenants/create.ts';
import { remove as deleteTenant } from './tenants/delete.ts';
import { exportAll as exportTenant } from './tenants/export.ts';
import * as tenant from './tenants/get.ts';
import { keep as keepTenant } from './tenants/keep.ts';
import * as tenants from './tenants/list.ts';
import { resume as resumeTenant } from './tenants/resume.ts';
import { suspend as suspendTenant } from './tenants/suspend.ts';
import { update as updateTenant } from './tenants/update.ts';
import { deleteToolServer } from './tools/delete.ts';
import * as tool from './tools/get.ts';
import * as tools from './tools/list.ts';
import { put as putToolServer } from './tools/put.ts';
import * as usage from './usage/get.ts';
import { create as createWebhook } from './webhooks/create.ts';
import { remove as deleteWebhook } from './webhooks/delete.ts';
import { disable as disableWebhook } from './webhooks/disable.ts';
import { enable as enableWebhook } from './webhooks/enable.ts';
import * as webhook from './webhooks/get.ts';
import * as webhooks from './webhooks/list.ts';
import { listDeliveries } from './webhooks/list-deliveries.ts';
import { replay as replayWebhook } from './webhooks/replay.ts';
import { replayDelivery } from './webhooks/replay-delivery.ts';
import { rotate as rotateWebhook } from './webhooks/rotate.ts';
import { test as testWebhook } from './webhooks/test.ts';
import { update as updateWebhook } from './webhooks/update.ts';

/** Every route there is; tests walk this list. */
export const routes: readonly Route[] = [
  publish,
  agents.list,
  agent.get,
  listVersions,
  getVersion,
  getAlias,
  setAlias,
  deleteAlias,
  start,
  runs.list,
  run.get,
  events,
  effects,
  send,
  pauseRun,
  resumeRun,
  cancelRun,
  fork,
  rerun,
  startBulk,
  bulks.list,
  bulk.get,
  cancelBulk,
  deleteRun,
  createThread,
  threads.list,
  thread.get,
  deleteThread,
  createSchedule,
  schedules.list,
  previewTicks,
  schedule.get,
  updateSchedule,
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
  nextTicks,
  attention.list,
  decide,
  tools.list,
  tool.get,
  putToolServer,
  deleteToolServer,
  artifacts.list,
  artifact.get,
  artifactLink,
  createUploadRoute,
  getUpload,
  sendUpload,
  completeUpload,
  me.get,
  createKey,
  keys.list,
  key.get,
  rotate,
  revoke,
  members.list,
  member.get,
  updateMember,
  audit.list,
  auditHead,
  verifyAudit,
  exportLog,
  getAuditRetention,
  setAuditRetention,
  setSecret,
  secrets.list,
  deleteSecret,
  createWebhook,
  webhooks.list,
  webhook.get,
  updateWebhook,
  deleteWebhook,
  enableWebhook,
  disableWebhook,
  rotateWebhook,
  testWebhook,
  listDeliveries,
  replayDelivery,
  replayWebhook,
  budgets.list,
  budget.get,
  setBudget,
  deleteBudget,
  usage.get,
  retention.get,
  setRetention,
  models.list,
  createTenant,
  tenants.list,
  tenant.get,
  updateTenant,
  suspendTenant,
  resumeTenant,
  deleteTenant,
  keepTenant,
  exportTenant,
  platformAudit.list,
  verifyPlatformAudit,
  login,
  callback,
  logout,
  backchannelLogout,
  session,
  signedOut,
  verify,
  verifyEngine,
  loginOptions,
  modelPrices,
  healthz,
  readyz,
  metrics,
];
