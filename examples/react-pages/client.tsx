/** Makes the page interactive. */
import { hydrateRoot } from 'react-dom/client'
import { Page, type PageData } from './pages.tsx'

const root = document.getElementById('root')
const data = document.getElementById('data')?.textContent
if (root && data) hydrateRoot(root, <Page {...(JSON.parse(data) as PageData)} />)
