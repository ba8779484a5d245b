import { sha256 } from '../lib/hash.ts'
import type { ClientRegistry } from '../clients/registry.ts'
import type { Client, ClientType } from '../model/client.ts'
import type { UserRef } from '../model/subject.ts'
import type { ClientStore } from '../store/clients.ts'
import {
  changedAppProblems,
  newAppProblems,
  registrationOf,
  updateOf,
  type UserAppFields,
  type UserAppProblem,
  type UserAppRules,
} from './fields.ts'

/** A new app. */
export interface NewUserApp extends UserAppFields {
  readonly type: ClientType
  /** The client ID. A second registration with the same ID creates nothing. */
  readonly id: string
}

/** Who changes an app, and in which request. */
export interface OwnerRequest {
  readonly owner: UserRef
  /** The owner's epoch when they signed in. */
  readonly userEpoch: number
  readonly requestId: string
}

/** A new app. The secret cannot be read again; undefined for a public app. */
export interface UserAppCreated {
  readonly kind: 'created'
  readonly app: Client
  readonly secret: string | undefined
}

/** The reason why no app was registered. */
export type UserAppRefusal =
  | { readonly kind: 'invalid'; readonly problems: readonly UserAppProblem[] }
  /** The user has too many apps. */
  | { readonly kind: 'full' }
  /** The user registered too many apps within a day. */
  | { readonly kind: 'throttled' }
  /** The user was signed out everywhere in the meantime. */
  | { readonly kind: 'signed-out' }
  /** There is an app of this owner with this ID. */
  | { readonly kind: 'repeated'; readonly app: Client }

/** The result of an update. */
export type UserAppUpdate =
  | { readonly kind: 'updated'; readonly app: Client }
  | { readonly kind: 'invalid'; readonly problems: readonly UserAppProblem[] }
  /** The app is not as the owner saw it. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'unknown' }

/** The result of a rotation of the secret. Times in milliseconds. */
export type UserAppRotation =
  | {
      readonly kind: 'rotated'
      readonly app: Client
      readonly secret: string
      readonly oldSecretsExpireAt: number
    }
  | { readonly kind: 'public' | 'changed' | 'unknown' }

/** The apps that users register: for the JSON API and the pages. Apps of other users are as unknown as missing ones. */
export interface UserApps {
  /** Returns the apps of a user that are not deleted, newest first. */
  list(owner: UserRef): Promise<readonly Client[]>
  /** Returns an app of the user that is not deleted. */
  find(owner: UserRef, id: string): Promise<Client | undefined>
  /** Returns an app of the user that was deleted. */
  findDeleted(owner: UserRef, id: string): Promise<Client | undefined>
  create(request: OwnerRequest, app: NewUserApp): Promise<UserAppCreated | UserAppRefusal>
  /** With `version`, only if the app is as `versionOf` described it. */
  update(request: OwnerRequest, id: string, fields: UserAppFields, version?: string): Promise<UserAppUpdate>
  /** Creates a new secret. Earlier ones work for another `overlap` ms. With `version` as in `secretVersionOf`. */
  rotateSecret(request: OwnerRequest, id: string, overlap: number, version?: string): Promise<UserAppRotation>
  /** Revokes an app and everything that it has. Returns false if it is unknown or deleted. */
  delete(request: OwnerRequest, id: string): Promise<boolean>
}

/** What the apps of users need. */
export interface UserAppsOptions extends UserAppRules {
  /** The most apps that a user can have. */
  readonly limit: number
  readonly store: Pick<ClientStore, 'find' | 'list'>
  readonly registry: ClientRegistry
  readonly subjectOf: (user: UserRef) => string
}

/** More than any owner has, unless the app has registered them. */
const MAX_LISTED = 1000

/** Creates the apps of one server. */
export function createUserApps(options: UserAppsOptions): UserApps {
  const { store, registry, subjectOf, limit } = options
  const actorOf = ({ requestId }: OwnerRequest) => ({ by: 'owner', requestId }) as const
  const findOwn = async (owner: UserRef, id: string): Promise<Client | undefined> => {
    const client = await store.find(id)
    return client?.ownerId === subjectOf(owner) ? client : undefined
  }
  const find: UserApps['find'] = async (owner, id) => {
    const app = await findOwn(owner, id)
    return app?.revokedAt === null ? app : undefined
  }
  const isActiveAppOf = ({ owner }: OwnerRequest, client: Client): boolean =>
    client.ownerId === subjectOf(owner) && client.revokedAt === null
  return {
    find,
    async findDeleted(owner, id) {
      const app = await findOwn(owner, id)
      return app?.revokedAt === null ? undefined : app
    },
    async list(owner) {
      const apps = await store.list({ ownerId: subjectOf(owner), isActive: true, limit: MAX_LISTED })
      return apps.toSorted((left, right) => right.createdAt - left.createdAt)
    },
    async create(request, { type, id, ...fields }) {
      const { owner } = request
      const problems = newAppProblems(fields, type, options)
      if (problems.length > 0) return { kind: 'invalid', problems }
      const registration = {
        ...registrationOf(fields, type, options),
        id,
        ownerId: subjectOf(owner),
        provider: owner.provider,
      }
      const outcome = await registry
        .createOwned(registration, { limit, userEpoch: request.userEpoch }, actorOf(request))
        .catch((error: unknown) => ({ kind: 'failed', error }) as const)
      if (outcome.kind === 'created') return { kind: 'created', app: outcome.client, secret: outcome.secret }
      if (outcome.kind === 'revoked') return { kind: 'signed-out' }
      // The same form was submitted twice.
      const app = await findOwn(owner, id)
      if (app) return { kind: 'repeated', app }
      if (outcome.kind === 'failed') throw outcome.error
      return outcome
    },
    update(request, id, fields, version) {
      const refusalOf = (current: Client): Exclude<UserAppUpdate, { kind: 'updated' }> | undefined => {
        if (!isActiveAppOf(request, current)) return { kind: 'unknown' }
        if (version !== undefined && version !== versionOf(current)) return { kind: 'changed' }
        const problems = changedAppProblems(fields, current, options)
        return problems.length > 0 ? { kind: 'invalid', problems } : undefined
      }
      return unlessRefused(refusalOf, async (check) => {
        const change = (current: Client) => (check(current), updateOf(fields, current, options))
        const app = await registry.update(id, change, actorOf(request))
        return app ? { kind: 'updated', app } : { kind: 'unknown' }
      })
    },
    rotateSecret(request, id, overlap, version) {
      const refusalOf = (current: Client): Exclude<UserAppRotation, { kind: 'rotated' }> | undefined => {
        if (!isActiveAppOf(request, current)) return { kind: 'unknown' }
        if (current.type === 'public') return { kind: 'public' }
        return version !== undefined && version !== secretVersionOf(current) ? { kind: 'changed' } : undefined
      }
      return unlessRefused(refusalOf, async (check) => {
        const rotation = { overlap: `${overlap}ms` } as const
        const rotated = await registry.rotateSecret(id, rotation, actorOf(request), check)
        if (!rotated) return { kind: 'unknown' }
        const { client: app, secret, oldSecretsExpireAt } = rotated
        return { kind: 'rotated', app, secret, oldSecretsExpireAt }
      })
    },
    async delete(request, id) {
      if (!(await find(request.owner, id))) return false
      return registry.revoke(id, actorOf(request))
    },
  }
}

/**
 * Runs an action that calls `check` with the app as it is when the change is written. If there is a reason to refuse, nothing
 * changes and the reason is returned.
 */
async function unlessRefused<Refusal, Result>(
  refusalOf: (current: Client) => Refusal | undefined,
  act: (check: (current: Client) => void) => Promise<Result>,
): Promise<Refusal | Result> {
  let refusal: Refusal | undefined
  try {
    return await act((current) => {
      refusal = refusalOf(current)
      if (refusal !== undefined) throw new Error('The change was refused')
    })
  } catch (error) {
    if (refusal === undefined) throw error
    return refusal
  }
}

/** Returns a text that changes whenever a field changes that an owner can edit. A form sends it back. */
export const versionOf = ({
  name,
  redirectUris,
  grantTypes,
  scopes,
  logo,
  homepage,
  privacy,
  terms,
}: Client): string =>
  sha256(JSON.stringify([name, redirectUris, grantTypes, scopes, logo, homepage, privacy, terms])).slice(
    0,
    22,
  )

/** Returns a text that changes with each new secret. It is a hash of the stored hash. */
export const secretVersionOf = ({ secrets: [newest] }: Client): string =>
  sha256(newest?.hash ?? '').slice(0, 22)
