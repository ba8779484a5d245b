import type { TokenStorage } from './storage.ts'

/** The parts of a browser that Node, React Native or workers may lack. */
interface Platform {
  readonly document?: { readonly baseURI: string }
  readonly location?: { readonly href: string; readonly origin: string }
  readonly sessionStorage?: TokenStorage
  readonly navigator?: { readonly locks?: Locks }
  readonly BroadcastChannel?: new (name: string) => Channel
  readonly addEventListener?: (
    type: 'storage' | 'online',
    listener: (event: StorageChange) => void,
    options?: { readonly once: boolean },
  ) => void
}

interface Locks {
  request<Result>(
    name: string,
    options: { readonly signal: AbortSignal },
    callback: () => Promise<Result>,
  ): Promise<Result>
}

/** A `BroadcastChannel`. */
interface Channel {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

/** A `StorageEvent`. `online` events have none of its properties. */
interface StorageChange {
  readonly key?: string | null
  readonly newValue?: string | null
  readonly storageArea?: unknown
}

/** The global object, read on use: polyfills may add to it later. */
export const platform = globalThis as unknown as Platform

/** The `sessionStorage` of a tab. Reading the property throws if the user blocks cookies. */
export function sessionStorage(): TokenStorage | undefined {
  try {
    return platform.sessionStorage
  } catch {
    return undefined
  }
}
