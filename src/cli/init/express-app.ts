import { apiOf } from './api.ts'
import type { AppTemplate } from './app-template.ts'
import { signInImport, whenAppSession } from './app-session.ts'
import { homeTemplate } from './home-template.ts'

export const express: AppTemplate = {
  packages: ['express'],
  tools: { typescript: ['@types/express'] },
  files: (choices, extension) => {
    const { guard, comment, path, caller } = apiOf(choices)
    return {
      [`app.${extension}`]: `import express from 'express'
import { createAuthorizationServer } from 'consulate'
import { toExpress } from 'consulate/express'
import { serve } from 'consulate/node'
import config from './consulate.config.${extension}'
import { home } from './home.${extension}'
${signInImport(choices, extension)}
const server = createAuthorizationServer(config)
const auth = toExpress(server)
${whenAppSession(choices, `const signIn = createSignIn(server.sessions.isReturnTo)\n`)}const app = express()

app.use(auth.routes())

app.get('/', (_request, response) => {
  response.send(home)
})

${whenAppSession(
  choices,
  `app.all('/sign-in', signIn)

`,
)}${comment}
app.get(
  '${path}',
  auth.${guard}((request, response) => {
    const { auth } = request
    const caller = ${caller}
    response.json({ caller, scopes: auth.scopes })
  }),
)

// Listens until SIGINT or SIGTERM, then finishes open requests and closes the server.
await serve(server, app, { port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '127.0.0.1' })
console.log(\`Listening on \${config.issuer}\`)
`,
      [`home.${extension}`]: homeTemplate(choices),
    }
  },
}
