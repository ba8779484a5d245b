import type { Extension } from './code.ts'

/** Returns the text of `sign-in.ts`: the sign-in page of the app, for requests of `node:http` or of the Fetch API. */
export function signInTemplate(requests: 'node' | 'fetch', extension: Extension): string {
  const isTypeScript = extension.endsWith('ts')
  const text = requests === 'node' ? NODE : FETCH
  const [imports, handler] = text(isTypeScript)
  return `${imports}import { startSession } from './users.${extension}'

${page(isTypeScript)}
${handler}`
}

const page = (isTypeScript: boolean): string => `/** The sign-in page of your app. Replace it with yours. */
const page = (returnTo${isTypeScript ? ': string' : ''}, problem = '') => \`<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Sign in</title>
  <link rel="icon" href="data:,">
  <p>\${problem}</p>
  <form method="post" action="/sign-in">
    <input type="hidden" name="return_to" value="\${escape(returnTo)}">
    <label>Email <input name="email" autocomplete="username"></label>
    <label>Password <input name="password" type="password" autocomplete="current-password"></label>
    <button>Sign in</button>
  </form>
</html>
\`

const escape = (text${isTypeScript ? ': string' : ''}) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
`

const COMMENT = `/**
 * Answers /sign-in. The server sends users there with a \`return_to\`. \`isReturnTo\` checks that the server made it, because
 * anyone can link to this page. Put body parsers after it: it reads the form itself.
 */`

const TYPE = 'isReturnTo: (url: unknown) => url is string'

const NODE = (isTypeScript: boolean): readonly [imports: string, handler: string] => [
  `${isTypeScript ? "import type { IncomingMessage, ServerResponse } from 'node:http'\n" : ''}import { text } from 'node:stream/consumers'
`,
  `${COMMENT}
export function createSignIn(${isTypeScript ? TYPE : 'isReturnTo'}) {
  return async (request${isTypeScript ? ': IncomingMessage' : ''}, response${isTypeScript ? ': ServerResponse' : ''}) => {
    const isForm = request.method === 'POST' && request.headers['sec-fetch-site'] !== 'cross-site'
    const form = new URLSearchParams(isForm ? await text(request) : request.url?.split('?')[1])
    const returnTo = form.get('return_to') ?? ''
    const cookie = isForm && (await startSession(form.get('email') ?? '', form.get('password') ?? ''))
    if (cookie) {
      const headers = { 'Set-Cookie': cookie, Location: isReturnTo(returnTo) ? returnTo : '/' }
      response.writeHead(303, headers).end()
    } else {
      response.writeHead(isForm ? 401 : 200, { 'Content-Type': 'text/html; charset=utf-8' })
      response.end(page(returnTo, isForm ? 'Incorrect email or password.' : ''))
    }
  }
}
`,
]

const FETCH = (isTypeScript: boolean): readonly [imports: string, handler: string] => [
  '',
  `${COMMENT}
export function createSignIn(${isTypeScript ? TYPE : 'isReturnTo'}) {
  return async (request${isTypeScript ? ': Request' : ''}) => {
    const isForm = request.method === 'POST' && request.headers.get('sec-fetch-site') !== 'cross-site'
    const form = new URLSearchParams(isForm ? await request.text() : new URL(request.url).search)
    const returnTo = form.get('return_to') ?? ''
    const cookie = isForm && (await startSession(form.get('email') ?? '', form.get('password') ?? ''))
    if (cookie) {
      const headers = { 'Set-Cookie': cookie, Location: isReturnTo(returnTo) ? returnTo : '/' }
      return new Response(null, { status: 303, headers })
    }
    return new Response(page(returnTo, isForm ? 'Incorrect email or password.' : ''), {
      status: isForm ? 401 : 200,
      headers: { 'Content-Type': 'text/html; charset=utf-8' },
    })
  }
}
`,
]
