import { html } from '../../lib/html.ts'
import type { appsEn } from './apps-en.ts'
import { createFormats } from './formats.ts'

const formats = createFormats('zh-Hans')

/** The text of the pages of connected apps, in Chinese. */
export const appsZh: typeof appsEn = {
  connectedApps: {
    heading: '已关联的应用',
    advice: '以下应用可以访问您的账号。如果有您不使用或不认识的应用，请解除关联。',
    none: '您还没有关联任何应用。获得您授权访问账号的应用会显示在这里。',
    thirdParty: '第三方应用',
    own: (site) => html`${site} 的应用`,
    connected: (time) => html`关联时间：${time}`,
    lastUsed: (time) => html`最近使用：${time}`,
    notUsed: '近期未使用',
    disconnect: '解除关联',
    disconnectNamed: (name) => `解除关联 ${name}`,
    more: (count) => formats.plural(count, { other: '还有 # 个应用未显示。' }),
    disconnected: (name) => html`已解除关联 ${name}。`,
    ago: (seconds) => formats.ago(seconds, '刚刚'),
  },
  disconnectApp: {
    heading: '解除应用关联？',
    effect: (name) => html`${name} 将在所有设备上立即失去对您账号的访问权限。您可以从该应用重新关联。`,
    loses: '该应用将失去以下权限：',
    keepsData: (name) => html`${name} 可能会保留已获取的数据。如需删除这些数据，请联系应用的开发者。`,
    submit: '解除关联',
    cancel: '取消',
  },
}
