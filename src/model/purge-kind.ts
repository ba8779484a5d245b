/** The kinds of rows that a purge deletes. */
export type PurgeKind =
  | 'codes'
  | 'deviceCodes'
  | 'passwordResets'
  | 'authorizations'
  | 'sessions'
  | 'importedTokens'
  | 'revocations'
  | 'audit'
  | 'webhookDeliveries'
