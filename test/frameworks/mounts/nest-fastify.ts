import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { Mount } from '../../support/mount.ts'
import { createApp } from '../nest/api.ts'

/** Nest on Fastify. */
export const mount: Mount = async (server, http) => {
  const adapter = new FastifyAdapter()
  const app = await NestFactory.create<NestFastifyApplication>(createApp(server), adapter, { logger: false })
  await app.init()
  const fastify = adapter.getInstance()
  await fastify.ready()
  http.on('request', fastify.routing)
  return () => app.close()
}
