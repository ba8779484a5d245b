import { openPool, type Pool } from '../load/pool.ts'
import { accessTokenOf, refreshTokenOf } from '../load/wire.ts'
import { type Device, signInShot } from './requests.ts'

const NAMES = ['Phone', 'Tablet', 'Desktop']
/** Sign-ins at the same time, per node. */
const IN_PARALLEL = 8

/** Signs each user in on several devices, evenly over the nodes. Returns the devices of each user. */
export async function signInDevices(
  ports: readonly number[],
  users: number,
  devicesPerUser: number,
): Promise<readonly (readonly Device[])[]> {
  const devices: Device[][] = Array.from({ length: users }, () => [])
  let next = 0
  const work = async (node: Pool): Promise<void> => {
    for (let index = next++; index < users * devicesPerUser; index = next++) {
      const [user, number] = [index % users, Math.floor(index / users)]
      const name = NAMES[number] ?? `Device ${number + 1}`
      devices[user]?.push(updatePair(await node.send(signInShot(`user-${user}`, name))))
    }
  }
  const pools = await Promise.all(ports.map((port) => openPool(port, IN_PARALLEL)))
  await Promise.all(pools.flatMap((pool) => Array.from({ length: IN_PARALLEL }, () => work(pool))))
  for (const pool of pools) pool.close()
  return devices
}

/** Puts the pair of a response into a device, by default a new one. */
export function updatePair(answer: string, device: Device = { accessToken: '', refreshToken: '' }): Device {
  const [accessToken, refreshToken] = [accessTokenOf(answer), refreshTokenOf(answer)]
  if (accessToken === undefined || refreshToken === undefined)
    throw new Error(`a response had no pair:\n${answer}`)
  return Object.assign(device, { accessToken, refreshToken })
}
