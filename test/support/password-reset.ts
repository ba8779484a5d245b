import { vi } from 'vitest'
import type { PasswordResetConfig, ResetLink } from '../../src/index.ts'
import type { KnownSecrets } from './known-secrets.ts'

/** What a server sent to users who forgot their passwords. */
export interface Mailbox {
  /** For the configuration of the server. */
  readonly passwordReset: PasswordResetConfig
  /** Every link, the oldest first. */
  readonly links: readonly ResetLink[]
  /** Makes the next messages fail, or hang, or work again. */
  behave(behavior: 'send' | 'hang' | ((link: ResetLink) => Error)): void
  /** Adds the tokens to the secrets that must not leak. */
  watch(secrets: KnownSecrets): void
  /** Waits until a user has this many links, and returns the newest one. */
  newest(email: string, count?: number): Promise<ResetLink>
  /** Returns how many links a user has. */
  count(email: string): number
}

/** Creates a mailbox. */
export function createMailbox(lifetime?: PasswordResetConfig['lifetime']): Mailbox {
  const links: ResetLink[] = []
  let behavior: Parameters<Mailbox['behave']>[0] = 'send'
  let secrets: KnownSecrets | undefined
  const of = (email: string): readonly ResetLink[] => links.filter(({ user }) => user.email === email)
  return {
    links,
    passwordReset: {
      async send(link) {
        secrets?.add('reset token', link.token)
        if (typeof behavior === 'function') throw behavior(link)
        links.push(link)
        if (behavior === 'hang') await new Promise(() => undefined)
      },
      ...(lifetime !== undefined && { lifetime }),
    },
    behave: (next) => void (behavior = next),
    watch: (known) => void (secrets = known),
    count: (email) => of(email).length,
    newest: (email, count = 1) =>
      vi.waitFor(() => {
        const received = of(email)
        const link = received.at(-1)
        if (!link || received.length < count) throw new Error(`${email} has ${received.length} links`)
        return link
      }, 120_000),
  }
}
