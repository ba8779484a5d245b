/** Makes the page interactive. */
import { createPage, type PageData } from './pages.ts'

const data = document.getElementById('data')?.textContent
if (data) createPage(JSON.parse(data) as PageData).mount('#root')
