import type { ScopeView } from '../scope-props.ts'
import type { AccountProps, ClientView, FormTarget, ResourceView } from '../shared-props.ts'

/** An app that is connected to the user's account. What it says about itself is unverified. Times in ms. */
export interface ConnectedAppView extends Omit<ClientView, 'host'> {
  /** The client ID. */
  readonly id: string
  /** What it may do. Empty if it only knows who the user is. `*` stands for every scope. */
  readonly scopes: readonly ScopeView[]
  /** The APIs that it has access to. Empty if it is only the default one. */
  readonly resources: readonly ResourceView[]
  /** When the user first allowed it. */
  readonly connectedAt: number
  /** When it last got or refreshed a token. Null if that was long ago, or never. */
  readonly lastUsedAt: number | null
  /** The page that asks before disconnecting it. */
  readonly disconnectUrl: string
}

/** The page where users see the apps that have access to their account. */
export interface ConnectedAppsProps extends AccountProps {
  /** Third-party apps first, then those last used. At most 100. */
  readonly apps: readonly ConnectedAppView[]
  /** How many apps are not shown. */
  readonly hidden: number
  /** The time of the response (ms), to compare with. */
  readonly now: number
  /** The name of an app that was just disconnected. */
  readonly disconnected?: string
}

/** The page that asks before disconnecting an app. */
export interface DisconnectAppProps {
  readonly client: Omit<ConnectedAppView, 'disconnectUrl'>
  readonly disconnect: FormTarget
  /** The page of all apps. */
  readonly appsUrl: string
}
