/** Nest 12 on Fastify. */
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { variantsOf } from './parts/framework.ts'
import { serveWith } from './parts/nest.ts'

export const variants = variantsOf(
  serveWith((app) => NestFactory.create(app, new FastifyAdapter(), { logger: false })),
)
