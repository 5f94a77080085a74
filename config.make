# Sourced by nginx's auto/make after "config": the rule for the archive. CMake knows itself what is out of date.

# only now nginx knows all of its directories, those of libraries that it builds for itself included
APP_CREATE_INCS=
for ngx_inc in $CORE_INCS $HTTP_INCS
do
    case $ngx_inc in
        /*) APP_CREATE_INCS="$APP_CREATE_INCS;$ngx_inc" ;;
        *)  APP_CREATE_INCS="$APP_CREATE_INCS;$PWD/$ngx_inc" ;;
    esac
done

cmake -D APP_CREATE_NGINX_INCLUDES="$APP_CREATE_INCS" "$APP_CREATE_BUILD" >> $NGX_AUTOCONF_ERR 2>&1 || exit 1

cat << END                                                    >> $NGX_MAKEFILE

$APP_CREATE_ARCHIVE:	\$(CORE_DEPS) app_create_force
	+cmake --build $APP_CREATE_BUILD --target app_create_addon

app_create_force:

.PHONY:	app_create_force

END
