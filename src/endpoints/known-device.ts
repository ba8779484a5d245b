import { toUserId } from '../users/provider.ts'
import type { Services } from './services.ts'

/** Returns the id that a device has for the user with this name, if they have signed in on it before. */
export async function findKnownDevice(
  { deviceTokens, userDirectory, subjectOf }: Pick<Services, 'deviceTokens' | 'userDirectory' | 'subjectOf'>,
  deviceToken: string | undefined,
  provider: string,
  username: string,
): Promise<string | undefined> {
  if (!deviceTokens.has(deviceToken)) return undefined
  const user = await userDirectory.passwords(provider).findByUsername(username)
  const subject = user ? subjectOf({ provider, userId: toUserId(user, provider) }) : ''
  // Searched without a user too: the time must not tell whether there is one.
  return deviceTokens.find(deviceToken, subject)
}
