import type { AppTemplate } from './app-template.ts'
import type { Framework } from './choices.ts'
import { express } from './express-app.ts'
import { fastify } from './fastify-app.ts'
import { hono } from './hono-app.ts'
import { koa } from './koa-app.ts'
import { nest } from './nest-app.ts'
import { next } from './next-app.ts'
import { node } from './node-app.ts'

/** The app of each framework. */
export const APPS: Readonly<Record<Framework, AppTemplate>> = {
  node,
  express,
  fastify,
  hono,
  koa,
  nest,
  next,
}
