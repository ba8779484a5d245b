import { describe, expect, test } from 'vitest'
import { hasTerminal, onTerminal } from './on-terminal.ts'
import { consulate, emptyDirectory, installed } from './run.ts'

const [ENTER, DOWN, CTRL_C] = ['\r', '\u001B[B', '\u0003']

/** What to wait for on the screen, and what to type then. */
type Turn = readonly [question: string, keys: string]

/** Runs a command on a terminal and answers its questions. */
async function converse(
  cwd: string,
  args: string,
  turns: readonly Turn[],
): Promise<{ code: number | null; screen: string }> {
  const { screen, type, end } = onTerminal(cwd, args)
  const ended = end()
  for (const [question, keys] of turns) {
    await expect.poll(screen, { timeout: 10_000 }).toContain(question)
    type(keys)
  }
  return ended
}

describe.runIf(hasTerminal)('on a terminal, what is left out is asked for', () => {
  test('a client, from nothing but the command', async () => {
    const cwd = await installed()
    const { code, screen } = await converse(cwd, 'client', [
      ['What is the client called?', `Shop${ENTER}`],
      ['What is it?', `${DOWN}${ENTER}`],
      ['Where do people come back to', `https://shop.example/back${ENTER}`],
      ['Which scopes', `orders:read orders:create${ENTER}`],
    ])
    expect(code).toBe(0)
    expect(screen).toMatch(/type +public/)
    const { stdout } = await consulate(cwd, ['client', 'list', '--json'])
    expect(JSON.parse(stdout)).toMatchObject([
      {
        client_name: 'Shop',
        redirect_uris: ['https://shop.example/back'],
        scope: 'orders:read orders:create',
      },
    ])
  })

  test('a device, which nobody is sent back to', async () => {
    const { code, screen } = await converse(await installed(), 'client --name TV', [
      ['What is it?', `${DOWN.repeat(3)}${ENTER}`],
      ['Which scopes', ENTER],
    ])
    expect(code).toBe(0)
    expect(screen).toMatch(/grants +urn:ietf:params:oauth:grant-type:device_code, refresh_token/)
  })

  test('a password, which is not shown', async () => {
    const cwd = await installed()
    const { code, screen } = await converse(cwd, 'user create --email ada@example.com', [
      ['Password', `correct horse${ENTER}`],
    ])
    expect(code).toBe(0)
    expect(screen).not.toContain('horse')
    expect(screen).toContain('ada@example.com can sign in now')
  })

  test('whether everything is to be ended, and only a yes does it', async () => {
    const cwd = await installed()
    const no = await converse(cwd, 'recover', [['End all of it?', ENTER]])
    expect([no.code, no.screen.includes('nothing was done')]).toEqual([1, true])
    const yes = await converse(cwd, 'recover', [['End all of it?', `y${ENTER}`]])
    expect([yes.code, yes.screen.includes('Done.')]).toEqual([0, true])
  })

  test('whoever leaves has done nothing', async () => {
    const cwd = emptyDirectory()
    const { code, screen } = await converse(cwd, 'client', [['What is the client called?', CTRL_C]])
    expect(code).toBe(1)
    expect(screen).toContain('nothing was done')
  })

  test('with --json nobody is asked', async () => {
    const { code, screen } = await converse(emptyDirectory(), 'client --json', [])
    expect(code).toBe(2)
    expect(screen).toContain('--name is needed')
  })
})
