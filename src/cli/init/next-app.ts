import { apiOf } from './api.ts'
import { whenAppSession } from './app-session.ts'
import type { AppTemplate } from './app-template.ts'
import { linksOf } from './home-template.ts'

/** The App Router of Next. */
export const next: AppTemplate = {
  packages: ['next', 'react', 'react-dom'],
  tools: { typescript: ['@types/react'] },
  versions: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1', '@types/react': '19.3.3' },
  isBundled: true,
  requests: 'fetch',
  scripts: { build: 'next build', dev: 'next dev -H 127.0.0.1', start: 'next start -H 127.0.0.1' },
  ignores: ['.next/', 'next-env.d.ts'],
  tsconfig: `{
  "compilerOptions": {
    "target": "es2024",
    "lib": ["dom", "esnext"],
    "module": "esnext",
    "moduleResolution": "bundler",
    "types": ["node"],
    "strict": true,
    "jsx": "react-jsx",
    "allowImportingTsExtensions": true,
    "isolatedModules": true,
    "resolveJsonModule": true,
    "esModuleInterop": true,
    "allowJs": true,
    "skipLibCheck": true,
    "noEmit": true,
    "incremental": true,
    "plugins": [{ "name": "next" }]
  },
  "include": ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts", ".next/dev/types/**/*.ts"],
  "exclude": ["node_modules"]
}
`,
  files: (choices, extension) => {
    const { guard, comment, path, caller } = apiOf(choices)
    const isTypeScript = extension === 'ts'
    const links = linksOf(choices).map(
      ([href, text]) => `        <li>
          <a href="${href}">${text}</a>
        </li>`,
    )
    return {
      [`auth.${extension}`]: `import { createAuthorizationServer } from 'consulate'
import { oncePerProcess, toNext } from 'consulate/next'
import { cookies, headers } from 'next/headers'
import config from './consulate.config.${extension}'

// Next loads modules several times. There must be one server.
export const server = oncePerProcess(() => createAuthorizationServer(config))
export const auth = toNext(server, { cookies, headers })
`,
      [`proxy.${extension}`]: `import { auth } from './auth.${extension}'

// Answers the paths of the server and passes every other request to your app.
export const proxy = auth.routes()
`,
      [`instrumentation.${extension}`]: `export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { server } = await import('./auth.${extension}')
  await server.ready()
  console.log(\`Listening on \${server.issuer}\`)
}
`,
      [`next.config.${extension}`]: isTypeScript
        ? `import type { NextConfig } from 'next'

const config: NextConfig = { serverExternalPackages: ['consulate'] }

export default config
`
        : `/** @type {import('next').NextConfig} */
const config = { serverExternalPackages: ['consulate'] }

export default config
`,
      [`app${path}/route.${extension}`]: `import { auth } from '../../../auth.${extension}'

${comment}
export const GET = auth.${guard}((_request, { auth }) => {
  const caller = ${caller}
  return Response.json({ caller, scopes: auth.scopes })
})
`,
      ...(choices.users === 'app-session' && {
        [`app/sign-in/route.${extension}`]: whenAppSession(
          choices,
          `import { server } from '../../auth.${extension}'
import { createSignIn } from '../../sign-in.${extension}'

const signIn = createSignIn(server.sessions.isReturnTo)

export { signIn as GET, signIn as POST }
`,
        ),
      }),
      [`app/layout.${extension}x`]: `export const metadata = { title: 'My app' }

export default function Layout({ children }${isTypeScript ? ': { children: React.ReactNode }' : ''}) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
`,
      [`app/page.${extension}x`]: `export default function Home() {
  return (
    <main>
      <h1>My app</h1>
      <ul>
${links.join('\n')}
      </ul>
    </main>
  )
}
`,
    }
  },
}
