import type { RevocationEntry } from '../../model/revocation.ts'
import type { KeyNames } from './keys.ts'

/** A command with its arguments. */
export type Command = readonly string[]

/**
 * Writes keys without ever taking anything back: a value is never lowered, and a lifetime is never shortened. A plain `SET`
 * could do both, if the entries of two nodes arrive in the wrong order. `KEYS` are the names, and `ARGV` a value and a
 * lifetime (ms, 0: forever) for each.
 */
const WRITE_SCRIPT = `
for i, key in ipairs(KEYS) do
  local value, lifetime = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local known = redis.pcall('GET', key)
  known = type(known) == 'string' and tonumber(known) or 0
  local left = redis.call('PTTL', key)
  if left == -1 and known > 0 then lifetime = 0
  elseif lifetime > 0 and left > lifetime then lifetime = left end
  value = string.format('%.0f', math.max(value, known))
  if lifetime == 0 then redis.call('SET', key, value)
  else redis.call('SET', key, value, 'PX', lifetime) end
end
return #KEYS
`

/** Returns the command that writes entries, or undefined if none of them needs a key any more. */
export function createWriteCommand(
  names: KeyNames,
  entries: readonly RevocationEntry[],
  now: number,
): Command | undefined {
  const keys = entries.map((entry) => names.of(entry, now)).filter((key) => key !== undefined)
  if (keys.length === 0) return undefined
  const values = keys.flatMap(({ value, lifetime }) => [String(value), String(Math.ceil(lifetime))])
  return ['EVAL', WRITE_SCRIPT, String(keys.length), ...keys.map(({ key }) => key), ...values]
}
