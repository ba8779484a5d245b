import type { AppTemplate } from './app-template.ts'
import { namesOf, type Framework } from './choices.ts'
import { express } from './express-app.ts'
import { fastify } from './fastify-app.ts'
import type { Manifest } from './folder.ts'
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

/** The package that shows which framework a project uses. Nest and Next may come with one of the others. */
const PACKAGES: Readonly<Record<Exclude<Framework, 'node'>, string>> = {
  nest: '@nestjs/core',
  next: 'next',
  express: 'express',
  fastify: 'fastify',
  hono: 'hono',
  koa: 'koa',
}

/** Returns the framework that a project depends on, or `node`. */
export const frameworkOf = ({ dependencies = {} }: Manifest): Framework =>
  namesOf(PACKAGES).find((name) => PACKAGES[name] in dependencies) ?? 'node'
