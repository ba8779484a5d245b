import { NestFactory } from '@nestjs/core'
import type { RequestListener } from 'node:http'
import type { Mount } from '../../support/mount.ts'
import { createApp } from '../nest/api.ts'

/** Nest on Express. */
export const mount: Mount = async (server, http) => {
  const app = await NestFactory.create(createApp(server), { logger: false })
  await app.init()
  http.on('request', app.getHttpAdapter().getInstance() as RequestListener)
  return () => app.close()
}
