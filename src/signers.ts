import { persistentLifetimeOf } from './config/keep-signed-in.ts'
import type { Settings } from './config/settings.ts'
import type { LiveKeys } from './keys/live.ts'
import { createValueSealer } from './lib/sealed-value.ts'
import { createValueSigner } from './lib/signed-value.ts'
import {
  CONSENT_LIFETIME,
  RETURN_TO_LIFETIME,
  type ConsentRequest,
  type ReturnTo,
} from './model/signed-state.ts'
import { SEALED_PAGE_LIFETIME, type SealedPage } from './pages/page-data.ts'
import { createCsrf } from './sessions/csrf.ts'
import { createDeviceTokens } from './sessions/device-tokens.ts'

/**
 * Creates the signers of values that are sent through browsers. After a rotation of the root secret, open forms fail their
 * CSRF check and must be opened again.
 */
export function createSigners({
  settings,
  liveKeys,
}: {
  readonly settings: Settings
  readonly liveKeys: LiveKeys
}) {
  const { issuer, cookies, clock } = settings
  const maxAge = Math.floor(persistentLifetimeOf(settings) / 1000)
  return {
    deviceTokens: liveKeys.derive((derived) =>
      createDeviceTokens({
        keys: [derived.key('device-cookie'), ...derived.keysById('device-cookie').values()],
        clock,
      }),
    ),
    csrf: liveKeys.derive((derived) => createCsrf({ key: derived.key('csrf'), issuer, cookies, maxAge })),
    consentSigner: liveKeys.derive((derived) =>
      createValueSigner<ConsentRequest>({
        keys: [derived.key('consent')],
        lifetime: CONSENT_LIFETIME,
        clock,
      }),
    ),
    pageSealer: liveKeys.derive((derived) =>
      createValueSealer<SealedPage>({
        keys: [derived.key('page'), ...derived.keysById('page').values()],
        lifetime: SEALED_PAGE_LIFETIME,
        clock,
      }),
    ),
    returnToSigner: liveKeys.derive((derived) =>
      createValueSigner<ReturnTo>({
        keys: [derived.key('return-to'), ...derived.keysById('return-to').values()],
        lifetime: RETURN_TO_LIFETIME,
        clock,
        isCompressed: true,
      }),
    ),
  }
}
