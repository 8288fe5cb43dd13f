#!/bin/sh
# Renders /config.json and nginx's settings from the environment, by the rules of frontend/config.py, then becomes nginx.
#   USERS_PORT … DISPLAY_ORDERS_PORT                the gateway's ports, on the host that the page was opened with
#   PUBLIC_API_URL                                  one address for all five sets, such as an ingress
#   PUBLIC_USERS_URL … PUBLIC_DISPLAY_ORDERS_URL    one address each
set -eu

# SET PORT: the base address of a set, the most particular setting first
base() {
  eval "own=\${PUBLIC_$1_URL:-} port=\${$1_PORT:-$2}"
  url=${own:-${PUBLIC_API_URL:-:$port}}
  if ! printf '%s' "$url" | tr '\n' ' ' | grep -Eqx '(https?://[][A-Za-z0-9.:-]+|:[0-9]{1,5})(/[A-Za-z0-9._~/-]*)?|/[A-Za-z0-9._~/-]*'; then
    echo "frontend: PUBLIC_$1_URL, PUBLIC_API_URL or $1_PORT is '$url', not an address such as https://api.example, a port or a path." >&2
    exit 2
  fi
  echo "$url"
}

# What the content security policy calls an address; a path is the page's own origin, which is allowed already.
origin() {
  case $1 in
    :*) echo "http://\$page_host${1%%/*} https://\$page_host${1%%/*}" ;;
    http*) echo "$1" | cut -d/ -f1-3 ;;
  esac
}

usersUrl=$(base USERS 5001)
booksUrl=$(base BOOKS 5002)
ordersUrl=$(base ORDERS 5003)
placeOrderUrl=$(base PLACE_ORDER 5004)
displayOrdersUrl=$(base DISPLAY_ORDERS 5005)
API_ORIGINS=$(for url in "$usersUrl" "$booksUrl" "$ordersUrl" "$placeOrderUrl" "$displayOrdersUrl"; do origin "$url"; done | uniq | paste -sd ' ')
LISTEN=${LISTEN:-8080}
export usersUrl booksUrl ordersUrl placeOrderUrl displayOrdersUrl API_ORIGINS LISTEN

here=$(dirname "$0") run=${RUN_DIR:-/tmp/shop}
mkdir -p "$run"
envsubst <"$here/config.json.template" >"$run/config.json"
envsubst '$API_ORIGINS' <"$here/security-headers.conf" >"$run/security-headers.conf"
envsubst '$LISTEN' <"$here/nginx.conf.template" >"$run/nginx.conf"
exec nginx -c "$run/nginx.conf"
