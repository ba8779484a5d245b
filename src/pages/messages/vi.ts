import { html } from '../../lib/html.ts'
import { appsVi } from './apps-vi.ts'
import { developerVi } from './developer-vi.ts'
import type { Messages } from './en.ts'
import { createFormats } from './formats.ts'
import { tokensVi } from './tokens-vi.ts'

const formats = createFormats('vi')
const { lifetime, waitingTime } = formats

/** The text of every page, in Vietnamese. */
export const vi: Messages = {
  lang: 'vi',
  name: 'Tiếng Việt',
  direction: 'ltr',
  formats,
  otherLanguages: 'Ngôn ngữ',
  title: (page, site) => (site ? `${page} · ${site}` : page),
  titleWithProblem: (page) => `Lỗi: ${page}`,
  signIn: {
    heading: 'Đăng nhập',
    toContinueTo: (name, host) =>
      host
        ? html`để tiếp tục đến ${name} tại ${host}`
        : html`để tiếp tục đến ${name} (ứng dụng trên thiết bị này)`,
    username: { email: 'Email', username: 'Tên người dùng', both: 'Email hoặc tên người dùng' },
    password: 'Mật khẩu',
    showPassword: 'Hiện mật khẩu',
    forgotPassword: 'Quên mật khẩu?',
    keepSignedIn: 'Duy trì đăng nhập',
    submit: 'Đăng nhập',
    noAccount: 'Chưa có tài khoản?',
    signUp: 'Đăng ký',
    credentials: {
      email: 'Email hoặc mật khẩu không đúng.',
      username: 'Tên người dùng hoặc mật khẩu không đúng.',
      both: 'Tên người dùng hoặc mật khẩu không đúng.',
    },
    expired: 'Phiên của bạn đã hết hạn. Hãy đăng nhập lại.',
    throttled: (seconds) => `Bạn đã thử quá nhiều lần. Hãy thử lại sau ${waitingTime(seconds)}.`,
  },
  signInAgain: {
    heading: {
      notSignedIn: 'Bạn chưa đăng nhập',
      tooOld: 'Đăng nhập lại',
      otherBrowser: 'Tiếp tục tại đây?',
      expired: 'Liên kết này đã hết hạn',
    },
    advice: {
      notSignedIn: 'Hãy đăng nhập để tiếp tục.',
      tooOld: 'Để bảo vệ tài khoản, bạn cần đăng nhập lại ở bước này.',
      otherBrowser:
        'Lượt đăng nhập này bắt đầu từ một trình duyệt khác. Chỉ tiếp tục nếu chính bạn đã thực hiện.',
      expired: 'Hãy quay lại ứng dụng và thử lại.',
    },
    submit: {
      notSignedIn: 'Đăng nhập',
      tooOld: 'Đăng nhập lại',
      otherBrowser: 'Tiếp tục',
      expired: 'Đến trang đăng nhập',
    },
    signedInAs: (name) => html`Bạn đang đăng nhập bằng ${name}.`,
  },
  consent: {
    heading: 'Cho phép truy cập?',
    wantsTo: (name) => html`${name} muốn:`,
    alsoWantsTo: (name) => html`${name} còn muốn:`,
    alreadyAllowed: (count) => `Đã cho phép trước đây (${count})`,
    uncheck: 'Bỏ chọn những quyền bạn không muốn cho phép.',
    required: 'bắt buộc',
    wantsIdentity: (name) => html`${name} muốn biết bạn là ai.`,
    resource: (name, host) => (host ? html`${name} tại ${host}` : name),
    accessTo: (resources) => html`Ứng dụng sẽ có quyền truy cập ${formats.list(resources)}.`,
    signedInAs: 'Đang đăng nhập bằng',
    switchAccount: 'Không phải bạn? Dùng tài khoản khác',
    approve: 'Cho phép',
    deny: 'Từ chối',
    appOnDevice: (name) => html`${name} (ứng dụng trên thiết bị này)`,
    trust: (name) => html`Hãy chắc chắn rằng bạn tin tưởng ${name}.`,
    redirectTo: (host) => html`Bạn sẽ được chuyển đến ${host}.`,
    returnToApp: 'Bạn sẽ quay lại ứng dụng.',
    revokeIn: (account) => html`Bạn có thể thu hồi quyền truy cập bất cứ lúc nào trong ${account}.`,
    accountSettings: 'phần cài đặt tài khoản',
    revokeUnder: (page) => html`Bạn có thể thu hồi quyền truy cập bất cứ lúc nào trong mục ${page}.`,
    revokeBy: (site) => html`Để thu hồi quyền truy cập sau này, hãy liên hệ ${site}.`,
  },
  client: {
    publishedBy: (publisher) => html`Nhà phát hành: ${publisher}`,
    privacy: 'Chính sách quyền riêng tư',
    terms: 'Điều khoản dịch vụ',
    thirdParty: (site) => html`Ứng dụng của bên thứ ba, không phải của ${site}`,
  },
  footer: { privacy: 'Quyền riêng tư', terms: 'Điều khoản', support: 'Trợ giúp' },
  error: {
    heading: 'Không thể hoàn tất yêu cầu này',
    reasons: {
      unknown_client: (site) => html`Ứng dụng này chưa được đăng ký với ${site}.`,
      expired_form: () => html`Biểu mẫu này đã mở quá lâu.`,
      submitted_form: () => html`Biểu mẫu này đã được gửi trước đó.`,
      forged_form: () => html`Biểu mẫu này không được gửi từ trang của chúng tôi.`,
      not_found: () => html`Không có nội dung nào ở địa chỉ này. Có thể nội dung đã bị xóa.`,
    },
    otherReason: 'Yêu cầu mà ứng dụng gửi đến không hợp lệ.',
    description: 'Chi tiết',
    advice: 'Hãy quay lại ứng dụng và thử lại.',
    serverAdvice: 'Đã xảy ra lỗi ở phía chúng tôi. Hãy thử lại.',
    forDeveloper: 'Nếu lỗi vẫn tiếp diễn, hãy liên hệ nhà phát triển ứng dụng và gửi kèm:',
    code: 'Mã lỗi',
    requestId: 'Mã yêu cầu',
  },
  signOut: {
    heading: 'Đăng xuất?',
    signedInAs: (name) => html`Bạn đang đăng nhập bằng ${name} trên thiết bị này.`,
    submit: 'Đăng xuất',
  },
  signedOut: {
    heading: 'Bạn đã đăng xuất',
    advice: 'Nếu dùng chung thiết bị, hãy đóng tất cả cửa sổ trình duyệt.',
    signIn: 'Đăng nhập lại',
  },
  signedIn: {
    heading: 'Bạn đã đăng nhập',
    signedInAs: (name) => html`Bạn đang đăng nhập bằng ${name}. Bạn có thể đóng cửa sổ này.`,
    signOut: 'Đăng xuất',
    account: 'Tài khoản của bạn',
  },
  account: {
    navigation: 'Tài khoản',
    pages: {
      devices: 'Thiết bị',
      password: 'Mật khẩu',
      apps: 'Ứng dụng đã kết nối',
      tokens: 'Token cá nhân',
      developer: 'Ứng dụng của nhà phát triển',
    },
    signOut: 'Đăng xuất',
  },
  devices: {
    heading: 'Thiết bị',
    advice: 'Bạn đang đăng nhập trên các thiết bị này. Hãy đăng xuất khỏi thiết bị mà bạn không nhận ra.',
    current: 'Thiết bị này',
    browserOn: (browser, system) => `${browser} trên ${system}`,
    unknown: 'Thiết bị không xác định',
    kinds: { phone: 'Điện thoại', tablet: 'Máy tính bảng', computer: 'Máy tính', other: 'Thiết bị' },
    lastSeen: (time) => html`Hoạt động ${time}`,
    signedIn: (time) => html`Đăng nhập lúc ${time}`,
    signOut: 'Đăng xuất',
    signOutNamed: (name) => `Đăng xuất khỏi ${name}`,
    signOutOthers: 'Đăng xuất khỏi mọi thiết bị khác',
    more: (count) => formats.plural(count, { other: 'Còn # thiết bị nữa không hiển thị.' }),
    signedOut: (name) => html`Đã đăng xuất khỏi ${name}.`,
    othersSignedOut: 'Bạn đã đăng xuất khỏi mọi thiết bị khác.',
    ago: (seconds) => formats.ago(seconds, 'vừa xong'),
  },
  signOutDevice: {
    heading: 'Đăng xuất khỏi thiết bị?',
    effect: (name) =>
      html`Bạn sẽ đăng xuất khỏi ${name} ngay lập tức. Để dùng lại, hãy đăng nhập trên thiết bị đó.`,
    othersHeading: 'Đăng xuất khỏi mọi thiết bị khác?',
    othersEffect: 'Bạn sẽ đăng xuất ngay lập tức khỏi mọi thiết bị, trừ thiết bị này.',
    submit: 'Đăng xuất',
    cancel: 'Hủy',
  },
  password: {
    heading: 'Đổi mật khẩu',
    changed: 'Đã đổi mật khẩu.',
    current: 'Mật khẩu hiện tại',
    new: 'Mật khẩu mới',
    keepOtherDevices: 'Duy trì đăng nhập trên các thiết bị khác',
    effect: 'Nếu không, bạn sẽ đăng xuất khỏi các thiết bị khác và các token truy cập cá nhân sẽ bị thu hồi.',
    submit: 'Đổi mật khẩu',
    missing: 'Hãy nhập mật khẩu mới.',
    rejected: (reason) => `${reason}.`,
    tooShort: (minimum) => `Mật khẩu phải có ít nhất ${minimum} ký tự.`,
    tooLong: (maximum) => `Mật khẩu không được vượt quá ${maximum} byte.`,
    incorrect: 'Mật khẩu hiện tại không đúng. Hãy thử lại.',
    required: 'Hãy nhập mật khẩu hiện tại để tiếp tục.',
    throttled: (seconds) => `Bạn đã thử quá nhiều lần. Hãy thử lại sau ${waitingTime(seconds)}.`,
  },
  forgotPassword: {
    heading: 'Quên mật khẩu?',
    advice: {
      email: 'Nhập email của bạn, chúng tôi sẽ gửi liên kết để đặt mật khẩu mới.',
      username: 'Nhập tên người dùng của bạn, chúng tôi sẽ gửi liên kết để đặt mật khẩu mới.',
      both: 'Nhập email hoặc tên người dùng của bạn, chúng tôi sẽ gửi liên kết để đặt mật khẩu mới.',
    },
    submit: 'Gửi liên kết',
    expired: 'Phiên của bạn đã hết hạn. Hãy thử lại.',
    back: 'Quay lại trang đăng nhập',
    sentHeading: 'Kiểm tra tin nhắn của bạn',
    sent: (seconds) =>
      `Nếu tìm thấy tài khoản, chúng tôi đã gửi liên kết để đặt mật khẩu mới. Liên kết có hiệu lực trong ${lifetime(seconds)}.`,
    notReceived:
      'Chưa nhận được? Hãy kiểm tra thư mục thư rác và chắc chắn rằng bạn đã nhập đúng email hoặc tên người dùng đã đăng ký.',
  },
  resetPassword: {
    heading: 'Đặt mật khẩu mới',
    effect: 'Bạn sẽ đăng xuất khỏi mọi thiết bị.',
    submit: 'Đổi mật khẩu',
  },
  invalidResetLink: {
    heading: 'Liên kết này không còn hiệu lực',
    advice: 'Liên kết đặt lại mật khẩu chỉ dùng được một lần và có thời hạn. Hãy yêu cầu liên kết mới.',
    again: 'Yêu cầu liên kết mới',
  },
  passwordReset: {
    heading: 'Đã đổi mật khẩu',
    advice: 'Bạn đã đăng xuất khỏi mọi thiết bị. Hãy đăng nhập bằng mật khẩu mới.',
    signIn: 'Đăng nhập',
  },
  ...tokensVi,
  ...appsVi,
  deviceCode: {
    heading: 'Kết nối thiết bị',
    advice: 'Nhập mã hiển thị trên thiết bị của bạn.',
    label: 'Mã xác nhận',
    hint: '8 chữ cái. Không cần dấu cách, dấu gạch nối hay phân biệt chữ hoa và chữ thường.',
    submit: 'Tiếp tục',
    incorrect: 'Mã không hợp lệ hoặc đã hết hạn. Hãy kiểm tra mã trên thiết bị và thử lại.',
    expired: 'Phiên của bạn đã hết hạn. Hãy thử lại.',
    throttled: (seconds) => `Bạn đã nhập sai mã quá nhiều lần. Hãy thử lại sau ${waitingTime(seconds)}.`,
  },
  deviceConsent: {
    heading: 'Cho phép thiết bị này?',
    compare: 'Mã này có đang hiển thị trên thiết bị trước mặt bạn không?',
    requestedFrom: (address) => html`Yêu cầu từ ${address}`,
    warning: (deny) =>
      html`Chỉ tiếp tục nếu chính bạn đã bắt đầu việc này. Nếu có người gửi mã này cho bạn, hãy chọn ${deny}:
      nếu không, họ sẽ truy cập được tài khoản của bạn.`,
  },
  deviceDone: {
    approved: 'Hãy quay lại thiết bị',
    denied: 'Đã từ chối truy cập',
    connected: (name) => html`Bạn đã kết nối. ${name} sẽ tiếp tục sau vài giây. Bạn có thể đóng cửa sổ này.`,
    notConnected: (name) => html`${name} không được cấp quyền truy cập. Bạn có thể đóng cửa sổ này.`,
  },
  ...developerVi,
}
