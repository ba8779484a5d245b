import type { INestApplication, Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { onTestFinished } from 'vitest'

/** The platforms of Nest. */
export const PLATFORMS = ['express', 'fastify'] as const

/** Creates an app. It is closed when the test ends. */
export async function create(platform: (typeof PLATFORMS)[number], app: Type): Promise<INestApplication> {
  const options = { logger: false } as const
  const created =
    platform === 'express'
      ? await NestFactory.create(app, options)
      : await NestFactory.create(app, new FastifyAdapter(), options)
  onTestFinished(() => created.close())
  return created
}

/** Listens on a free loopback port. Returns the origin. */
export async function listen(app: INestApplication): Promise<string> {
  await app.listen(0, '127.0.0.1')
  return app.getUrl()
}
