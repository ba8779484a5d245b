/** The counts of a purge that deleted nothing. */
export const NOTHING = {
  codes: 0,
  deviceCodes: 0,
  passwordResets: 0,
  importedTokens: 0,
  authorizations: 0,
  sessions: 0,
  revocations: 0,
  audit: 0,
  webhookDeliveries: 0,
}
