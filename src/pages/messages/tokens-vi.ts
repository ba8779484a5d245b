import { html } from '../../lib/html.ts'
import { createFormats } from './formats.ts'
import type { tokensEn } from './tokens-en.ts'

const formats = createFormats('vi')
const { lifetime, waitingTime } = formats

/** The text of the pages of personal access tokens, in Vietnamese. */
export const tokensVi: typeof tokensEn = {
  personalTokens: {
    signInAgain: { advice: 'Để tạo token, hãy đăng nhập lại.', submit: 'Đăng nhập lại' },
    heading: 'Token truy cập cá nhân',
    advice:
      'Dùng token truy cập cá nhân trong tập lệnh và với API. Bất kỳ ai có token đều có thể thay mặt bạn, trong phạm vi quyền của token.',
    yours: 'Token của bạn',
    none: 'Bạn chưa có token nào.',
    scopeCount: (count) => formats.plural(count, { other: '# quyền' }),
    noScopes: 'Không có quyền nào (chỉ nhận dạng)',
    everything: 'Toàn quyền truy cập tài khoản của bạn',
    created: 'Ngày tạo',
    lastUsed: 'Dùng lần cuối',
    expires: 'Hết hạn',
    never: 'Chưa dùng',
    revoke: 'Thu hồi',
    revokeNamed: (name) => `Thu hồi ${name}`,
    revoked: (name) => html`Đã thu hồi ${name}.`,
    create: 'Token mới',
    name: 'Tên',
    nameHint: 'Token này dùng để làm gì? Ví dụ: “Sao lưu trên máy tính của tôi”.',
    scopes: 'Quyền',
    lifetime: 'Thời hạn',
    lifetimeOf: lifetime,
    submit: 'Tạo token',
    problems: {
      name: 'Hãy nhập tên dài tối đa 255 ký tự.',
      scopes: 'Có quyền không còn khả dụng. Hãy chọn lại các quyền.',
      expiresIn: 'Token không thể có hiệu lực lâu như vậy. Hãy chọn thời hạn khác.',
      full: 'Bạn đã đạt số lượng token tối đa. Hãy thu hồi một token bạn không còn cần.',
      password: 'Mật khẩu không đúng. Hãy thử lại.',
      passwordRequired: 'Hãy nhập mật khẩu để tiếp tục.',
      repeated: 'Biểu mẫu này đã được gửi trước đó. Không thể hiển thị lại token đã tạo.',
    },
    currentPassword: 'Mật khẩu của bạn',
    currentPasswordHint: 'Bạn đã đăng nhập từ lâu. Hãy nhập mật khẩu để xác nhận đó là bạn.',
    passwordThrottled: (seconds) => `Bạn đã thử quá nhiều lần. Hãy thử lại sau ${waitingTime(seconds)}.`,
    throttled: (seconds) => `Bạn đã tạo quá nhiều token. Hãy thử lại sau ${waitingTime(seconds)}.`,
  },
  revokePersonalToken: {
    heading: 'Thu hồi token này?',
    effect: (name) =>
      html`Các tập lệnh dùng ${name} sẽ ngừng hoạt động ngay lập tức. Bạn không thể hoàn tác thao tác này.`,
    submit: 'Thu hồi token',
    cancel: 'Hủy',
  },
  newPersonalToken: {
    heading: 'Token mới của bạn',
    advice: 'Hãy sao chép token ngay. Bạn sẽ không xem lại được. Hãy giữ kín token như mật khẩu.',
    label: (name) => html`Token ${name}`,
    copy: 'Sao chép',
    copied: 'Đã sao chép',
    failed: 'Không sao chép được. Hãy chọn token rồi sao chép thủ công.',
    back: 'Quay lại danh sách token',
  },
}
