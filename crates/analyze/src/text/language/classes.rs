//! What classes of failures mean whose name alone may mislead.

use recording::vocabulary::ErrorClass;

pub(crate) fn english(class: ErrorClass) -> Option<&'static str> {
    match class {
        ErrorClass::Client => Some(
            "client: this host had no descriptors, ports or memory left. The database was never reached, so these failures \
             count in the success rate and not as downtime.",
        ),
        ErrorClass::NoWriter => {
            Some("no_writer: of several hosts some answered, and none of them accepts writes.")
        }
        ErrorClass::StatementTimeout => Some(
            "statement_timeout: the server cancelled the statement (57014). The server was up, so this is not an availability \
             failure; one that waited as long as a stalled operation counts as stalled.",
        ),
        ErrorClass::Unreplicated => Some(
            "unreplicated: the wait for the synchronous standby was cancelled (01000). The transaction is committed on the \
             writer, perhaps nowhere else.",
        ),
        _ => None,
    }
}

pub(crate) fn chinese(class: ErrorClass) -> Option<&'static str> {
    match class {
        ErrorClass::Client => Some(
            "client: 记录主机的文件描述符、端口或内存耗尽, 请求没有发往数据库; 这些失败计入成功率, 不计入停机时间。",
        ),
        ErrorClass::NoWriter => Some("no_writer: 多个主机中有主机应答, 但没有一个接受写入。"),
        ErrorClass::StatementTimeout => Some(
            "statement_timeout: 服务器取消了该语句 (57014)。服务器仍在服务, 因此不算其故障; 等待时间达到阻塞阈值的仍计为阻塞。",
        ),
        ErrorClass::Unreplicated => Some(
            "unreplicated: 等待同步备库的过程被取消 (01000)。事务已在写节点提交, 其他节点可能没有。",
        ),
        _ => None,
    }
}
