import { SCOPES } from './config.ts'

/** The description of `orders:read` in four languages. */
export const READ_ORDERS = {
  en: SCOPES['orders:read'],
  vi: 'Xem đơn hàng của bạn',
  'zh-Hans': '查看您的订单',
  'zh-Hant': '檢視您的訂單',
} as const

/** The scopes of the servers under test, one of them in several languages, another in one that few users read. */
export const LOCALIZED_SCOPES = {
  ...SCOPES,
  'orders:read': { description: READ_ORDERS },
  profile: { description: { de: 'Ihr Profil sehen' } },
} as const
