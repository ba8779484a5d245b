import { apiOf } from './api.ts'
import type { AppTemplate } from './app-template.ts'
import { signInImport, whenAppSession } from './app-session.ts'
import { homeTemplate } from './home-template.ts'

/** Nest's decorators must be compiled. */
export const nest: AppTemplate = {
  packages: ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata', 'rxjs'],
  isTypeScriptOnly: true,
  scripts: { build: 'tsc', dev: 'tsc && node --watch dist/app.js', start: 'tsc && node dist/app.js' },
  ignores: ['dist/'],
  tsconfig: `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "rootDir": ".",
    "outDir": "dist",
    "rewriteRelativeImportExtensions": true,
    "experimentalDecorators": true,
    "emitDecoratorMetadata": true,
    "skipLibCheck": true
  }
}
`,
  files: (choices, extension) => {
    const { kind, scope, comment, path, caller } = apiOf(choices)
    const { decorator, type } = KINDS[kind]
    return {
      [`app.${extension}`]: `import 'reflect-metadata'
import { Controller, Get, Header, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createAuthorizationServer } from 'consulate'
import type { ${type} } from 'consulate'
import { toNest } from 'consulate/nest'
import { serve } from 'consulate/node'
import config from './consulate.config.${extension}'
import { home } from './home.${extension}'
${signInImport(choices, extension)}
const server = createAuthorizationServer(config)
const { ConsulateModule, ${decorator}, CurrentAuth } = toNest(server)

@Controller()
class AppController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  home() {
    return home
  }

  ${comment}
  @Get('${path.slice(1)}')
  @${decorator}(${scope})
  api(@CurrentAuth() auth: ${type}) {
    const caller = ${caller}
    return { caller, scopes: auth.scopes }
  }
}

@Module({ imports: [ConsulateModule], controllers: [AppController] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] })
${whenAppSession(
  choices,
  `app.use('/sign-in', createSignIn(server.sessions.isReturnTo))
`,
)}await app.init()
// Listens until SIGINT or SIGTERM, then finishes open requests and closes the server.
await serve(server, app.getHttpServer(), {
  port: Number(process.env.PORT ?? 3000),
  host: process.env.HOST ?? '127.0.0.1',
  close: () => app.close(),
})
console.log(\`Listening on \${config.issuer}\`)
`,
      [`home.${extension}`]: homeTemplate(choices),
    }
  },
}

const KINDS = {
  user: { decorator: 'Scopes', type: 'UserAuth' },
  machine: { decorator: 'Machine', type: 'MachineAuth' },
  anyone: { decorator: 'Anyone', type: 'Auth' },
} as const
