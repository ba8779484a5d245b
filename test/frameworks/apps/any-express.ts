import type { ErrorRequestHandler } from 'express'
import type createExpress from 'express'
import { toExpress } from '../../../src/adapters/express.ts'
import type { Mount } from '../../support/mount.ts'
import { APP_HEADERS, caught } from './app.ts'

export const mountIn =
  (express: typeof createExpress): Mount =>
  async (server, http) => {
    const auth = toExpress(server)
    const app = express()
    app.use((_request, response, next) => {
      response.set(APP_HEADERS)
      next()
    })
    app.use(express.json(), express.urlencoded({ extended: true, limit: '1mb' }))
    app.use(auth.routes())
    app.get('/app', (_request, response) => void response.send('app'))
    app.get('/orders/:id', auth.user('orders:read'), ({ params, auth: caller }, response) => {
      response.json({ id: params.id, user: caller?.kind === 'user' && caller.user.id })
    })
    app.get(
      '/fails',
      auth.user()(() => {
        throw new Error('no orders today')
      }),
    )
    // Express 4 does not forward rejections of these.
    app.get('/who', (request, response, next) => {
      auth.currentUser(request, response).then((user) => response.json({ id: user?.id ?? null }), next)
    })
    app.post('/start/:id', (request, response, next) => {
      auth.startSession(request, response, request.params.id).then(() => response.json({}), next)
    })
    app.post('/end', (request, response, next) => {
      auth.endSession(request, response).then(() => response.json({}), next)
    })
    const handleError: ErrorRequestHandler = (error, _request, response, _next) => {
      response.status(418).json(caught(error))
    }
    app.use(handleError)
    http.on('request', app)
    return async () => undefined
  }
