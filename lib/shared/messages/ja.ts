/** Japanese: the words every other language is checked against. */
export const ja = {
  site: {
    languageLabel: '表示言語',
    sandboxNotice: 'これは試用環境です。本物の電話ではなく、試用の電話機をお使いください。',
    sandboxLink: '試用の電話機を開く',
    noScript:
      'ログインするには、ブラウザーの JavaScript を有効にして、ページを再読み込みしてください。',
    notFoundHeading: 'ページが見つかりません',
    notFoundText: 'アドレスをお確かめください。',
    crashHeading: '問題が起きました',
    crashText: '少し待って、ページを再読み込みしてください。',
    reload: '再読み込み',
    toLogin: 'ログインへ',
  },
  login: {
    title: 'ログイン',
    numberHeading: '電話番号でログイン',
    numberIntro:
      'お使いの電話の番号を入力してください。次に表示される番号へその電話からかけると、ログインできます。話す必要はありません。',
    cost: {
      free: '通話料はかかりません。',
      paid: '通話料がかかります。',
      unknown: '通話料がかかる場合があります。',
    },
    numberLabel: '電話番号',
    numberExample: '例：{example}',
    numberSubmit: 'かける番号を表示',
    numberSubmitting: '番号を準備しています…',
    callHeading: 'この番号に電話をかけてください',
    callFrom: '{phoneNumber} の電話からかけてください。',
    callChange: '電話番号を変更',
    callButton: '電話をかける',
    callAdvice: '番号を通知してかけてください。つながったら、話さずに切ってかまいません。',
    callOwnPage: 'ご自分でこのページを開いたときだけ、電話をかけてください。',
    waiting: '電話を待っています。かけると、このページが自動的に進みます。',
    timeLeft: '残り{minutes}分{seconds}秒',
    timeLeftSpoken: '残り約{minutes}分です。',
    timeLeftLast: '残り1分を切りました。',
    disconnected:
      'サーバーにつながりません。通信状態をご確認ください。つながると、続きから確認します。',
    vendorTrouble:
      '電話の確認に時間がかかっています。手続きは続いていますので、このままお待ちください。',
    sandboxHint: '試用環境では、電話の代わりに試用の電話機からかけます。',
    sandboxLink: '試用の電話機でかける',
    pausedHeading: 'まだ電話を確認できていません',
    pausedText: 'もう電話をかけた場合は、下のボタンで確認してください。',
    pausedCheck: 'もう一度確認する',
    pausedChecking: '確認しています…',
    startAgain: '新しい番号を表示してやり直す',
    backToNumber: '電話番号の入力に戻る',
    expiredHeading: '時間切れです',
    cancelledHeading: '取り消しました',
    contestedHeading: 'ログインを中止しました',
    failedHeading: 'ログインできませんでした',
    verifiedHeading: 'ログインしました',
    verifiedText: 'ページを移動しています…',
  },
  account: {
    title: 'アカウント',
    heading: 'ログイン中です',
    phoneNumber: '電話番号',
    since: '登録日',
    logOut: 'ログアウト',
    loggingOut: 'ログアウトしています…',
    logOutFailed: 'ログアウトできませんでした。通信状態を確かめて、もう一度押してください。',
  },
  errors: {
    phone_number_missing: '電話番号を入力してください。',
    phone_number_unreadable: '電話番号として読み取れません。数字で入力してください。',
    phone_number_too_short: '桁数が足りません。番号をお確かめください。',
    phone_number_too_long: '桁数が多すぎます。番号をお確かめください。',
    phone_number_unknown_country: 'その国番号は見つかりません。番号をお確かめください。',
    phone_number_not_in_country:
      '{country}にこの番号はありません。番号をお確かめください。ほかの国の番号は、＋と国番号から入力してください。',
    phone_number_cannot_call:
      'この番号からは電話をかけられません。お使いの電話の番号を入力してください。',
    request_cross_origin:
      'この操作は別のサイトから送られたため、中止しました。このサイトのページを開いて、やり直してください。',
    request_not_json: '送信の形式が正しくありません。ページを再読み込みして、やり直してください。',
    request_too_large: '送信の内容が大きすぎます。ページを再読み込みして、やり直してください。',
    request_invalid: '送信の内容が正しくありません。ページを再読み込みして、やり直してください。',
    rate_limited:
      '操作が続けて行われたため、いまは受け付けられません。{wait}後に、もう一度お試しください。',
    attempt_missing: '進行中のログインがありません。電話番号の入力からやり直してください。',
    attempt_expired: '時間内に電話を確認できませんでした。再度お試しください。',
    attempt_cancelled: 'このログインは取り消されました。電話番号の入力からやり直してください。',
    attempt_contested:
      '同じ電話番号のログインが、別のブラウザーでも行われていました。安全のため、どちらも中止しました。心当たりがない場合は、電話をかけないでください。心当たりがある場合は、数分待ってから、1つのブラウザーだけでやり直してください。',
    attempt_failed: 'このログインは完了できませんでした。電話番号の入力からやり直してください。',
    signup_closed:
      'この電話番号は登録されていません。登録済みの番号でやり直すか、サイトの管理者にお問い合わせください。',
    user_disabled:
      'この電話番号のアカウントは停止されています。サイトの管理者にお問い合わせください。',
    pauth_unreachable: 'API接続に失敗しました。少し待って、もう一度お試しください。',
    pauth_timed_out: '接続タイムアウトです。少し待って、もう一度お試しください。',
    pauth_refused_number:
      'この電話番号では受け付けられませんでした。番号を確かめるか、別の番号でお試しください。',
    pauth_failed: '電話の確認サービスに問題が起きています。少し待って、もう一度お試しください。',
    not_logged_in: 'ログインしていません。ログインしてから、もう一度お試しください。',
    store_unavailable: '一時的に処理できません。少し待って、もう一度お試しください。',
    internal_error: '問題が起きました。少し待って、もう一度お試しください。',
  },
} as const;
