/** Nest 12 on Express. */
import { NestFactory } from '@nestjs/core'
import { variantsOf } from './parts/framework.ts'
import { serveWith } from './parts/nest.ts'

export const variants = variantsOf(serveWith((app) => NestFactory.create(app, { logger: false })))
