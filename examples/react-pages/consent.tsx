import type { ViewProps } from 'consulate'
import { PostForm } from './post-form.tsx'

export function Consent({
  client,
  scopes,
  resources,
  userName,
  approve,
  deny,
  switchAccount,
}: ViewProps['consent']) {
  return (
    <main>
      <h1>
        Allow <bdi>{client.name}</bdi>?
      </h1>
      <p>{client.host ? `You'll be redirected to ${client.host}.` : 'An app on this device.'}</p>
      <ul>
        {scopes.map(({ id, description }) => (
          <li key={id}>{description}</li>
        ))}
        {resources.map(({ uri, name, host }) => (
          <li key={uri}>
            Access {name} {host ?? uri}
          </li>
        ))}
      </ul>
      <PostForm {...approve}>
        <button>Allow</button>
      </PostForm>
      <PostForm {...deny}>
        <button>Don't allow</button>
      </PostForm>
      <PostForm {...switchAccount}>
        Signed in as <bdi>{userName}</bdi>. <button>Use another account</button>
      </PostForm>
    </main>
  )
}
