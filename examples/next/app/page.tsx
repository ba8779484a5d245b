import { redirect } from 'next/navigation'
import { ada, auth } from '../auth'

export default async function Home() {
  const user = await auth.currentUser()
  return (
    <form action={submit}>
      {user ? `Hello, ${user.name}.` : 'Password of Ada:'} <input name="password" hidden={!!user} />
      <button>{user ? 'Sign out' : 'Sign in'}</button>
    </form>
  )
}

async function submit(form: FormData) {
  'use server'
  if (await auth.currentUser()) await auth.endSession()
  else if (form.get('password') === ada.password) await auth.startSession(ada, { methods: ['pwd'] })
  redirect('/')
}
