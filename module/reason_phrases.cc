// nginx's reason phrases, which it keeps to itself.

#include "module.h"

namespace appcreate::nginx {
namespace {

struct Reason {
    ngx_uint_t status;
    ngx_str_t phrase;
};

const Reason reason_phrases[] = {
    {402, ngx_string("Payment Required")},
    {406, ngx_string("Not Acceptable")},
    {408, ngx_string("Request Time-out")},
    {410, ngx_string("Gone")},
    {411, ngx_string("Length Required")},
    {412, ngx_string("Precondition Failed")},
    {414, ngx_string("Request-URI Too Large")},
    {416, ngx_string("Requested Range Not Satisfiable")},
    {421, ngx_string("Misdirected Request")},
    {501, ngx_string("Not Implemented")},
    {502, ngx_string("Bad Gateway")},
    {504, ngx_string("Gateway Time-out")},
    {505, ngx_string("HTTP Version Not Supported")},
    {507, ngx_string("Insufficient Storage")},
};

}  // namespace

ac_str reason_phrase(ngx_uint_t status) {
    for (const Reason &reason : reason_phrases) {
        if (reason.status == status) {
            return to_ac(reason.phrase);
        }
    }
    return to_ac(ngx_string("Error"));
}

}  // namespace appcreate::nginx
