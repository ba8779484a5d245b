<?php

/*
 * Checks in Redis whether an access token is revoked, for services in PHP. Needs the extension `redis`. Verify the token
 * first, with a JWT library and the keys of the issuer.
 *
 * Run it with claims on standard input, as JSON, one token a line: php revocations.php localhost 6379
 */

const PREFIX = 'TOKEN_BLACK_LIST';

/** It is unknown whether the token is revoked. Answer 503 with Retry-After, never 401. */
class Unavailable extends Exception
{
}

/** Returns whether a verified token is revoked, with one command. Throws Unavailable if that is unknown. */
function isRevoked(Redis $redis, array $claims): bool
{
    ['sub' => $sub, 'epochs' => $epochs] = $claims;
    $user = $claims['subject_type'] === 'user' ? $sub : '';
    $keys = [PREFIX . ':COMPLETE', PREFIX . ':ISSUER', PREFIX . ":CLIENT:{$claims['client_id']}", PREFIX . ":USER:$user"];
    foreach (['jti', 'azn', 'sid'] as $name) {
        if (isset($claims[$name])) {
            // Without a sub: a machine token that was revoked by its ID alone.
            array_push($keys, PREFIX . "_{$sub}_{$claims[$name]}", PREFIX . "__{$claims[$name]}");
        }
    }
    try {
        $values = $redis->mget($keys);
    } catch (RedisException $error) {
        throw new Unavailable('Redis does not respond', 0, $error);
    }
    // Without this key, Redis was flushed or restarted, and others may be missing too.
    if (!is_array($values) || $values[0] === false) {
        throw new Unavailable('Redis does not have all revocations');
    }
    foreach ($epochs as $index => $epoch) {
        $lowest = $values[$index + 1];
        if ($lowest !== false && $epoch < (int) $lowest) {
            return true;
        }
    }
    return array_filter(array_slice($values, 1 + count($epochs)), fn ($value) => $value !== false) !== [];
}

if (realpath($argv[0]) === __FILE__) {
    $redis = new Redis();
    $redis->connect($argv[1], (int) $argv[2], 2);
    while (($line = fgets(STDIN)) !== false) {
        $claims = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
        try {
            echo isRevoked($redis, $claims) ? 'Token revoked' : $claims['sub'], "\n";
        } catch (Unavailable) {
            echo "Unavailable\n";
        }
    }
}
