import type { Settings } from './config/settings.ts'
import { resetUrl } from './endpoints/paths.ts'
import type { Services } from './endpoints/services.ts'
import { preferredLanguages } from './lib/language.ts'
import type { Throttle } from './throttle/throttle.ts'
import { localeOf } from './users/locale.ts'
import { createPasswordResets, type PasswordResets } from './users/password-reset.ts'

/** If they are off, no endpoint uses them. */
const OFF: NonNullable<Settings['passwordReset']> = { send: () => undefined, lifetime: 0 }

interface Parts extends Pick<
  Services,
  'settings' | 'store' | 'userDirectory' | 'events' | 'subjectOf' | 'revoker'
> {
  readonly passwordResetThrottle: Throttle
}

/** Creates the links to reset forgotten passwords. */
export const openPasswordResets = ({
  settings,
  revoker,
  passwordResetThrottle,
  ...parts
}: Parts): PasswordResets =>
  createPasswordResets({
    ...parts,
    ...settings,
    ...(settings.passwordReset ?? OFF),
    throttle: passwordResetThrottle,
    revoke: revoker.revoke,
    languageFor: (user, requested) =>
      settings.pages.chooseLanguage([...preferredLanguages(localeOf(user)), requested]),
    urlOf: (provider, token) => resetUrl(settings, provider, token),
  })
