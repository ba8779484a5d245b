import { html } from '../../lib/html.ts'
import { createFormats } from './formats.ts'
import type { tokensEn } from './tokens-en.ts'

const formats = createFormats('zh-Hans')
const { lifetime, waitingTime } = formats

/** The text of the pages of personal access tokens, in Chinese. */
export const tokensZh: typeof tokensEn = {
  personalTokens: {
    signInAgain: { advice: '要生成令牌，请重新登录。', submit: '重新登录' },
    heading: '个人访问令牌',
    advice: '个人访问令牌用于脚本和 API。任何持有令牌的人都可以在其权限范围内以您的身份操作。',
    yours: '您的令牌',
    none: '您还没有令牌。',
    scopeCount: (count) => formats.plural(count, { other: '# 项权限' }),
    noScopes: '无权限（仅身份信息）',
    everything: '您账号的完全访问权限',
    created: '创建时间',
    lastUsed: '最近使用',
    expires: '到期时间',
    never: '从未使用',
    revoke: '撤销',
    revokeNamed: (name) => `撤销 ${name}`,
    revoked: (name) => html`已撤销 ${name}。`,
    create: '新建令牌',
    name: '名称',
    nameHint: '此令牌的用途是什么？例如“笔记本电脑备份”。',
    scopes: '权限',
    lifetime: '有效期',
    lifetimeOf: lifetime,
    submit: '生成令牌',
    problems: {
      name: '请输入不超过 255 个字符的名称。',
      scopes: '有一项权限已不可用，请重新选择权限。',
      expiresIn: '令牌的有效期不能这么长，请选择其他有效期。',
      full: '您的令牌数量已达上限，请撤销不再需要的令牌。',
      password: '密码不正确，请重试。',
      passwordRequired: '请输入密码以继续。',
      repeated: '此表单已提交过，所生成的令牌无法再次显示。',
    },
    currentPassword: '您的密码',
    currentPasswordHint: '您登录已有一段时间，请输入密码以确认是您本人。',
    passwordThrottled: (seconds) => `尝试次数过多，请在${waitingTime(seconds)}后重试。`,
    throttled: (seconds) => `您生成的令牌过多，请在${waitingTime(seconds)}后重试。`,
  },
  revokePersonalToken: {
    heading: '撤销此令牌？',
    effect: (name) => html`使用 ${name} 的脚本将立即停止工作。此操作无法撤消。`,
    submit: '撤销令牌',
    cancel: '取消',
  },
  newPersonalToken: {
    heading: '您的新令牌',
    advice: '请立即复制令牌，之后将无法再次查看。请像保管密码一样保管令牌。',
    label: (name) => html`令牌 ${name}`,
    copy: '复制',
    copied: '已复制',
    failed: '无法复制，请选中令牌后手动复制。',
    back: '返回令牌列表',
  },
}
