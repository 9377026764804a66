#!/usr/bin/env bash
# Connects a user, posts a video and waits for its end. curl and jq.
#   KEY=tgk_… bash post_video.sh clip.mp4 'Rye, day four' order-0017
set -euo pipefail
gateway=${GATEWAY:-http://127.0.0.1:8080}
user=$gateway/v1/users/customer-4711
if [ $# != 3 ] || [ -z "${KEY:-}" ] || [ ! -r "$1" ]; then
    echo 'usage: KEY=tgk_… bash post_video.sh FILE CAPTION WISH' >&2
    exit 2
fi
file=$1 caption=$2 wish=$3

# call CURL-ARGUMENTS: one call; the same again, after the wait that the gateway names, while it can still succeed.
# Prints the answer; fails where the gateway refused.
call() {
    local answer wait
    for _ in {1..30}; do
        # No answer at all: what is written has an Idempotency-Key, so send it again.
        answer=$(curl -sS -H "Authorization: Bearer $KEY" "$@") || answer='{"problem":{"retryable":true}}'
        if jq -e .successful <<<"$answer" >/dev/null; then break; fi
        if ! jq -e .problem.retryable <<<"$answer" >/dev/null; then break; fi
        wait=$(jq '(.problem.retry_after_ms // 1000) / 1000' <<<"$answer")
        sleep "$wait"
    done
    printf '%s\n' "$answer"
    jq -e .successful <<<"$answer" >/dev/null
}

refused() { # refused ANSWER: what a program does with it, by its code
    case $(jq -r .problem.code <<<"$1") in
        # It may be posted: never send it under another key before this has told an end.
        outcome_unknown) jq -r '"ask " + (.data.status_path // "the creator")' <<<"$1" >&2 ;;
        reconnect_required) echo 'this user has to connect again' >&2 ;;
        invalid_input) jq -r '.problem.fields[] | .field + " " + .reason' <<<"$1" >&2 ;;
    esac
    jq -r '.problem.code + ": " + .error + " " + .problem.request_id' <<<"$1" >&2
    exit 1
}

is_connected() {
    local answer
    answer=$(call "$user") || [ "$(jq -r .problem.code <<<"$answer")" = user_not_connected ] || refused "$answer"
    [ "$(jq -r .data.state <<<"$answer")" = connected ]
}

if ! is_connected; then
    answer=$(call -X POST "$user/connect") || refused "$answer"
    jq -r '"open " + .data.authorize_url' <<<"$answer" # in the browser of that very user
    tries=0
    until is_connected; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || { echo 'nobody logged in within ten minutes' >&2; exit 1; }
        sleep 2
    done
fi

query="publish=true&privacy_level=SELF_ONLY&caption=$(jq -rn --arg text "$caption" '$text | @uri')"
answer=$(call -X POST -T "$file" -H 'Content-Type: video/mp4' -H "Idempotency-Key: $wish" "$user/videos?$query") ||
    refused "$answer"
publish_id=$(jq -r .data.publish_id <<<"$answer")

state=processing
until [ "$state" = in_inbox ] || [ "$state" = published ] || [ "$state" = failed ]; do
    sleep 2 # TikTok takes 30 of these calls a minute
    answer=$(call "$user/posts/$publish_id") || refused "$answer"
    state=$(jq -r .data.state <<<"$answer")
done
echo "$state $publish_id $(jq -r '.data.fail_reason // ""' <<<"$answer")"
