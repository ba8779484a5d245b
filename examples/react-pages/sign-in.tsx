import { useState } from 'react'
import type { ViewProps } from 'consulate'
import { PostForm } from './post-form.tsx'

const PROBLEMS = {
  credentials: 'Incorrect email or password.',
  expired: 'Your session timed out. Sign in again.',
  throttled: 'Too many attempts. Try again later.',
}

export function SignIn({ action, hidden, username, problem, client }: ViewProps['signIn']) {
  const [isShown, setIsShown] = useState(false)
  return (
    <main>
      <h1>Sign in{client && ` to continue to ${client.name}`}</h1>
      {problem && <p role="alert">{PROBLEMS[problem.kind]}</p>}
      <PostForm action={action} hidden={hidden}>
        <label>
          Email <input name="username" autoComplete="username" defaultValue={username} />
        </label>
        <label>
          Password{' '}
          <input name="password" type={isShown ? 'text' : 'password'} autoComplete="current-password" />
        </label>
        <button type="button" onClick={() => setIsShown(!isShown)}>
          {isShown ? 'Hide password' : 'Show password'}
        </button>
        <button>Sign in</button>
      </PostForm>
    </main>
  )
}
