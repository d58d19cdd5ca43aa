from django.contrib.auth import views as pages
from django.urls import include, path, re_path
from rest_framework_simplejwt import views as jwt

from shared import views
from shop.views import Tokens

auth = [
    path("login/", Tokens.as_view(), name="tokens"),
    re_path(r"^refresh/$", jwt.token_refresh),
]
urlpatterns = [
    path("accounts/login/", pages.LoginView.as_view(), name="login"),
    path("v1/auth/", include(auth)),
    path("<slug:tenant>/auth/verify/", jwt.token_verify),
    path("user/session_signin", views.session_signin),
    path("user/session_signout", views.session_signout),
    path("user/me", views.me),
]
