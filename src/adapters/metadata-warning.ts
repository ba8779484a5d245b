import { basePathOf } from '../model/issuer.ts'
import type { AuthorizationServer } from '../server.ts'

/**
 * Warns if the metadata of an issuer with a path is unreachable, because it is not below that path (RFC 8414 section
 * 3.1).
 */
export interface MetadataWarning {
  /** Counts a mount. If there are several, another one may receive the requests for the metadata. */
  mounted(): void
  /** Called with the path below which a request was answered. Logs the fix once. */
  answeredBelow(mount: string): void
}

export function createMetadataWarning({
  issuer,
  core,
}: Pick<AuthorizationServer, 'issuer' | 'core'>): MetadataWarning {
  const basePath = basePathOf(issuer)
  let mounts = 0
  let isLogged = false
  return {
    mounted: () => void (mounts += 1),
    answeredBelow(mount) {
      if (isLogged || mounts > 1 || mount === '' || mount !== basePath) return
      isLogged = true
      core.logger.log(
        'error',
        `Mounted at ${mount}, where no requests for the metadata arrive. Write app.use(auth.routes()) on the root app`,
      )
    },
  }
}
