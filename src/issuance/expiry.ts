import type { RefreshPolicy } from './context.ts'

/** When a refresh token that is given now expires (ms): its lifetime from now, but not past the cap. */
export function refreshExpiry({ lifetime, maximum }: RefreshPolicy, createdAt: number, now: number): number {
  return maximum === null ? now + lifetime : Math.min(now + lifetime, createdAt + maximum)
}
