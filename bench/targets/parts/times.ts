/** How many calls a database server works on at once while a target prepares requests. */
export const AT_ONCE = 16

/** Returns what `count` calls return, in any order. At most `atOnce` of them run at the same time. */
export async function times<Value>(
  count: number,
  make: () => Promise<Value>,
  atOnce: number,
): Promise<readonly Value[]> {
  const values: Value[] = []
  let started = 0
  const work = async (): Promise<void> => {
    while (started++ < count) values.push(await make())
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return values
}
