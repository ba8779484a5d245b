import { METADATA_PATH } from '../model/issuer.ts'

/** The paths of a server's endpoints, within its issuer. */
export interface Paths {
  readonly authorize: string
  readonly token: string
  readonly revocations: string
  readonly live: string
  readonly ready: string
  readonly signIn: string
  readonly signOut: string
  readonly jwks: string
  /** Before the issuer's path, not after it (RFC 8414 section 3.1). */
  readonly metadata: string
}

/** The paths that follow from the issuer's path and the prefix. */
export const pathsOf = ({ basePath, prefix }: { basePath: string; prefix: string }): Paths => ({
  authorize: `${basePath}${prefix}/authorize`,
  token: `${basePath}${prefix}/token`,
  revocations: `${basePath}${prefix}/revocations`,
  live: `${basePath}${prefix}/health/live`,
  ready: `${basePath}${prefix}/health/ready`,
  signIn: `${basePath}/login`,
  signOut: `${basePath}/logout`,
  jwks: `${basePath}/.well-known/jwks.json`,
  metadata: METADATA_PATH + basePath,
})
