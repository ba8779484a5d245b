import type { BaseUser } from './provider.ts'

/** Returns the language that a user has chosen, as a language tag. Some frameworks write `pt_BR`. */
export function localeOf(user: BaseUser | undefined): string | undefined {
  const locale: unknown = user?.locale
  return typeof locale === 'string' ? locale.replaceAll('_', '-') : undefined
}
