import { apiOf } from './api.ts'
import type { AppTemplate } from './app-template.ts'
import { signInImport, whenAppSession } from './app-session.ts'
import { homeTemplate } from './home-template.ts'

export const node: AppTemplate = {
  packages: [],
  files: (choices, extension) => {
    const { guard, comment, path, caller } = apiOf(choices)
    return {
      [`app.${extension}`]: `import { createAuthorizationServer } from 'consulate'
import { serve, toNode } from 'consulate/node'
import config from './consulate.config.${extension}'
import { home } from './home.${extension}'
${signInImport(choices, extension)}
const server = createAuthorizationServer(config)
const auth = toNode(server)
${whenAppSession(choices, `const signIn = createSignIn(server.sessions.isReturnTo)\n`)}
${comment}
const api = auth.${guard}((request, response) => {
  const { auth } = request
  const caller = ${caller}
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ caller, scopes: auth.scopes }))
})

const app = auth.routes((request, response) => {
${whenAppSession(
  choices,
  `  if (request.url?.split('?')[0] === '/sign-in') return signIn(request, response)
`,
)}  if (request.url === '${path}') return api(request, response)
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  if (request.url === '/') response.end(home)
  else response.writeHead(404).end('Not found')
})

// Listens until SIGINT or SIGTERM, then finishes open requests and closes the server.
await serve(server, app, { port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '127.0.0.1' })
console.log(\`Listening on \${config.issuer}\`)
`,
      [`home.${extension}`]: homeTemplate(choices),
    }
  },
}
